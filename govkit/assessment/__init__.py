"""Hold evidence against criteria and controls, with statements and waivers; the only place where numbers are judged."""
