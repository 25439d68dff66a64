"""The retention of a day's bytes, worked out from AWS's settings of the location they are stored
in.

Pure functions of facts: who asks AWS for the facts, or reads them in a template, is not known here.
"""
