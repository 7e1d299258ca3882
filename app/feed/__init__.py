"""From the store's feeds to the subscribers: reader, lesson channels, hub, presence, heartbeat.

Rules: one reader task and one heartbeat wheel a process, whatever the number of lessons and viewers; a
subscriber costs a position and a place in a set; frames are encoded once for each audience; Redis is
asked nothing for a viewer.
"""
