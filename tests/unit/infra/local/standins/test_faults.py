"""Which request a fault befalls: the seed and the number of the request decide it, and nothing else."""

from infra.local.standins.faults import Draws, Faults, Schedule


def test_a_draw_depends_on_the_seed_and_the_number_only() -> None:
    schedule = Schedule(seed=4, share=0.5)

    forwards = [schedule.draw(number) for number in range(50)]
    backwards = [schedule.draw(number) for number in reversed(range(50))]

    assert forwards == backwards[::-1]
    assert forwards != [Schedule(seed=5, share=0.5).draw(number) for number in range(50)]


def test_the_share_of_requests_is_befallen() -> None:
    schedule = Schedule(seed=1, share=0.2)

    befallen = sum(schedule.draw(number)[0] is not None for number in range(2000))

    assert 320 < befallen < 480


def test_the_following_faults_come_before_the_schedule_and_on_their_paths_only() -> None:
    faults = Faults("t", 0.0, following=("cut", "", "slow"), paths="/crm/")
    draws = Draws(faults)

    kinds = [draws.next(path)[0] for path in ("/crm/a", "/email", "/crm/b", "/crm/c", "/crm/d")]

    assert kinds == ["cut", None, None, "slow", None]
