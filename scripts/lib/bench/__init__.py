"""The lab: what the broadcast engine costs and how late it is, next to its peers, on one machine.

Rules:
- A run is one server, started for it, one gallery of viewers and one publisher, each in processes of its own.
- Every event carries the time at which it was posted, on a clock that all processes share; the gallery counts
  what comes and how late. What was posted and what came must agree, else the run is invalid and says why.
- CPU and memory of a server are what the operating system says of its processes, not what it says itself.
- The gallery reports its own CPU and lag, so that a figure that is the load client's is seen to be.
- Rounds are interleaved (A B C A B C): slow drifts of a machine meet everybody; ratios are made within a round.
"""
