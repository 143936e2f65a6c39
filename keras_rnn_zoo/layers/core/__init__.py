"""What all recurrent layers stand on: the cell's base, the loop's engine, the layer."""
