"""People's labels of graded samples: what they are shown, the files, and what the labels say of a grader."""
