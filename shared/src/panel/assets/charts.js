/* Charts: see below. */
