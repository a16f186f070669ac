"""Logs: where records come from and go to, and what makes a step of work atomic.

Three brokers behave alike behind the ports (``ports``): embedded (durable, in this process), Kafka,
and simulated (in memory, virtual time, faults on purpose). ``open`` chooses by what the user wrote.
Only ``kafka*`` know confluent-kafka, and only ``embedded_db`` knows rocksdict.

May import ``types`` and ``errors``.
"""
