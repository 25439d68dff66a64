"""How long the bytes of a day are kept, worked out from what AWS says of the place they lie in.

Pure functions of facts: who asks AWS for the facts, or reads them in a template, is not known here.
"""
