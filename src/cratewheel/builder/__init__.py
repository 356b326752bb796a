"""Carries out a `BuildPlan`: compiles, audits, repairs and writes archives."""
