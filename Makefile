# Each command is one line into dev/, which sets up what it needs first.
# ARGS goes to pytest or the benchmark, PORT is the demo's port.

.PHONY: demo stop test proof test-stock lint format bench pot shell clean

demo:
	@PORT="$(PORT)" dev/run demo

stop:
	@dev/run stop

test:
	@dev/run test -- $(ARGS)

proof:
	@dev/run proof -- $(ARGS)

test-stock:
	@dev/run test-stock -- $(ARGS)

lint:
	@dev/run lint

format:
	@dev/run lint --fix

bench:
	@dev/run bench -- $(ARGS)

pot:
	@dev/run pot

shell:
	@dev/run shell $(DB)

clean:
	@dev/run clean
