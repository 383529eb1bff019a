"""The door of people: pages for staff, coordinators and managers; the only place that knows Flask."""
