"""Who keeps the state of tasks: changelogs with a storage of this host, or the broker.

| | changelogs | the broker |
|---|---|---|
| open | the local storage, brought up to the end of its changelogs | what is in the broker |
| save, before the broker's commit | changes become records of the changelogs | part of the commit |
| committed, after it | changes and checkpoints go to the storage, in one batch | |
| forget | the directories of the tasks, and what the broker has | what the broker has |
"""
