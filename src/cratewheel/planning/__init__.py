"""Inputs → `BuildPlan`: which wheels, from which cargo builds, with which tags. Pure."""
