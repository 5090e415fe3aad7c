// Reads feeds with ical.js: one JSON line of occurrences, then one line of CPU seconds for each line it is sent.
// node read_with_ical_js.mjs MODULE FOLDER FROM TO; FROM and TO in seconds since 1970.
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";

const [modulePath, folder, from, to] = process.argv.slice(2);
const { default: ICAL } = await import(modulePath);
const first = Number(from), last = Number(to);
const feeds = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name), "utf8"));

// ical.js brings no zones: the one the feeds name, by the rules in force since 1996.
const zone = `BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19960331T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
END:VCALENDAR`;
const paris = new ICAL.Component(ICAL.parse(zone.replaceAll("\n", "\r\n"))).getFirstSubcomponent("vtimezone");
ICAL.TimezoneService.register(new ICAL.Timezone(paris), "Europe/Paris");

function occurrences(text) {
  const found = [];
  const keep = (event, start, end) => {
    const [startS, endS] = [start.toUnixTime(), end.toUnixTime()];
    if (endS > first && startS < last) found.push([event.uid, startS, endS]);
    return startS < last;
  };
  const calendar = new ICAL.Component(ICAL.parse(text));
  const components = calendar.getAllSubcomponents("vevent");
  // Left to itself, every event looks through all others for its exceptions; these feeds have none moved.
  const exceptions = components.filter((component) => component.hasProperty("recurrence-id"));
  for (const component of components) {
    const event = new ICAL.Event(component, { strictExceptions: true, exceptions });
    if (!event.isRecurring()) {
      keep(event, event.startDate, event.endDate);
      continue;
    }
    const times = event.iterator();
    for (let next = times.next(); next; next = times.next()) {
      const { startDate, endDate } = event.getOccurrenceDetails(next);
      if (!keep(event, startDate, endDate)) break;
    }
  }
  return found;
}

console.log(JSON.stringify(feeds.map(occurrences)));
for await (const _ of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  for (const feed of feeds) occurrences(feed);
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1e6);
}
