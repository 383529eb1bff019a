"""The synthetic town (合成): the plan's agencies, invented staff and cases, the same every time."""
