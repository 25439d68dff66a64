"""`audit --accounts`: many accounts' sealed hours, judged by their archives alone."""
