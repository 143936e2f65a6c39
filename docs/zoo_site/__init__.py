"""What the site is made of that nobody writes: pages out of the package itself."""
