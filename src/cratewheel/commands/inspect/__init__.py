"""`cratewheel inspect`: what is in a wheel or a source distribution, of any origin."""
