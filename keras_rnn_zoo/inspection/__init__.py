"""Looking at models: pictures of what they learn and answer."""
