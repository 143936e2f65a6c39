"""Training: recipes, fitting."""
