from robomatrix.scheduling.owing import still_owed
from robomatrix.scheduling.scene import PlanningScene


def without(data, id_):
    return PlanningScene.parse({**data, "objects": [o for o in data["objects"] if o["id"] != id_]})


def test_what_the_new_plan_speaks_of_is_not_owed_twice(office):
    before = ["on(red_can, white_box)", "on(ball, white_box)"]
    assert still_owed(before, office, ["on(red_can, white_box)"], office) == ["on(ball, white_box)"]


def test_what_was_lost_from_sight_is_known_again_by_its_name(office, office_data):
    renamed = [{**o, "id": "can_9"} if o["id"] == "red_can" else o for o in office_data["objects"]]
    now = PlanningScene.parse({**office_data, "objects": renamed})
    assert still_owed(["on(red_can, white_box)"], office, [], now) == ["on(can_9, white_box)"]
    gone = without(office_data, "red_can")
    assert still_owed(["on(red_can, white_box)"], office, [], gone) == ["on(red_can, white_box)"]


def test_where_the_robot_stands_is_not_owed(office):
    assert still_owed(["at(white_box)"], office, [], office) == []
