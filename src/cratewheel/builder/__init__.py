"""Carries a `BuildPlan` out: cargo, audit, repair, archives. What to make was decided before."""
