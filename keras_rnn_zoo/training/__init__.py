"""Training: recipes, fitting, baselines."""
