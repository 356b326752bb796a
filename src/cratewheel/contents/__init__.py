"""What goes into an archive: the layouts of wheels and source distributions."""
