"""An invented CPTS on a real map: enough people, places and calendars to see Relais work."""
