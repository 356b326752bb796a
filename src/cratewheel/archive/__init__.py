"""Archives: layouts, the dist-info folder, and the writers of wheels and source distributions."""
