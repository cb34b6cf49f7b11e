"""What the Snakefile and the scripts need beside the mathematics."""
