"""What the last stage looks at beside the values of single fields."""
