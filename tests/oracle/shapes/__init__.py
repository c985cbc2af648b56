"""Where a family's numbers lie in its answers. What is true of every answer is in `answers.py`."""
