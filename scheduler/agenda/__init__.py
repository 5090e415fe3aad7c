"""The agenda partagé: calendars read into slots, slots searched and booked."""
