"""What moto would not accept: controls for tests, injected failures, quotas, a clock, validation and a log of requests.

It wraps the service's package: ``requests`` handles a call before and after moto does, ``models`` puts a test's controls
beside the backend, and ``control`` serves them over HTTP.
"""
