"""The synthetic town (合成): the plan's agencies, invented staff and cases, the same every time."""

from tsunagi.demo.filling import fill, prepare
from tsunagi.demo.guide import guide

__all__ = ["fill", "guide", "prepare"]
