"""The languages of the house: BPMN diagrams, FEEL expressions, DMN decisions, and their checks."""
