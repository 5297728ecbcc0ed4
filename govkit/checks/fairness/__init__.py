"""Whether groups of people that the law or fairness sets apart are treated alike by the model."""
