"""A Carpentries lesson folder, read into a course: what is found, and what is refused."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin

from colonnade_course.carpentries.folder import LessonRefused
from colonnade_course.carpentries.lesson import ImportedCourse, LinkKind, LinkTarget
from colonnade_course.carpentries.links import rewrite_links
from colonnade_course.carpentries.reader import read_lesson
from tests.course_material import INFLAMMATION, skip_without_courses


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for key, content in files.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def episode(title: str, body: str = "text\n") -> str:
    return f"---\ntitle: {title}\nteaching: 10\nexercises: 5\n---\n\n{body}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    figure = "![A figure](fig/one.png){alt='x'}\n\n"
    links = "See [next](02-b.html#part), [term](reference.html#t).\n"
    about = "Learn *it* by [doing](episodes/01-a.md).\n\nMore.\n"
    settings = "license: CC-BY 4.0\nsource: https://github.com/x/tiny\n"
    return write(
        tmp_path / "Tiny_Lesson",
        {
            "index.md": "---\nsite: sandpaper::sandpaper_site\n---\n\n" + about,
            "config.yaml": "title: 'Tiny things'\n" + settings,
            "AUTHORS": "Ada Lovelace\n\nGrace *Hopper*\n",
            "LICENSE.md": "Copyright (c) 2024 The Tinies. CC BY 4.0\n",
            "episodes/01-a.md": episode("One", figure + links),
            "episodes/02-b.md": episode("Two", "[data](data/a.csv) [gone](../nowhere.md)\n"),
            "episodes/fig/one.png": b"png",
            "episodes/fig/unused.png": b"png",
            "episodes/data/a.csv": "1,2\n",
            "episodes/files/code/b.py": "print()\n",
            "learners/reference.md": "---\ntitle: Glossary\n---\n\n[t]{#t}\n",
            "learners/setup.md": "---\ntitle: Setup\n---\n\nGet [the data](data/a.csv).\n",
        },
    )


def refusal(folder: Path) -> str:
    with pytest.raises(LessonRefused) as caught:
        read_lesson(folder)
    return str(caught.value)


def test_episodes_become_lessons_in_the_order_of_their_names(folder: Path) -> None:
    course = read_lesson(folder)
    assert [section.title for section in course.sections] == ["Tiny things"]
    assert [(lesson.key, lesson.title) for lesson in course.lessons] == [
        ("episodes/01-a.md", "One"),
        ("episodes/02-b.md", "Two"),
    ]


def test_a_lesson_says_how_long_it_takes(folder: Path) -> None:
    lesson = read_lesson(folder).lessons[0]
    assert (lesson.teaching_minutes, lesson.exercise_minutes) == (10, 5)


def test_the_configuration_may_order_and_leave_out_episodes(folder: Path) -> None:
    write(folder, {"config.yaml": "episodes:\n- 02-b.md\n"})
    course = read_lesson(folder)
    assert [lesson.title for lesson in course.lessons] == ["Two"]
    assert "episodes/01-a.md: not declared in config.yaml, left out." in course.warnings


def test_a_declared_episode_that_is_missing_is_refused(folder: Path) -> None:
    write(folder, {"config.yaml": "episodes:\n- 03-c.md\n"})
    assert "the episode '03-c.md' is declared and not in episodes/" in refusal(folder)


def test_the_course_is_named_after_the_folder_and_told_by_its_index(folder: Path) -> None:
    course = read_lesson(folder)
    assert course.title == "Tiny things"
    assert course.slug == "tiny-lesson"
    assert course.source_key == "carpentries:tiny-lesson"
    assert course.summary == "Learn it by doing."


def test_a_folder_that_names_itself_nowhere_is_called_by_its_name(folder: Path) -> None:
    (folder / "config.yaml").unlink()
    assert read_lesson(folder).title == "Tiny lesson"


def test_pages_for_learners_become_the_appendix_and_credits_end_it(folder: Path) -> None:
    titles = [page.title for page in read_lesson(folder).appendix]
    assert titles == ["Setup", "Glossary", "Attribution and licence"]


def test_credit_is_given_to_everyone_with_the_licence(folder: Path) -> None:
    course = read_lesson(folder)
    assert course.licence == "CC-BY-4.0"
    assert course.licence_url == "https://creativecommons.org/licenses/by/4.0/"
    assert "Copyright © The Tinies" in course.attribution
    assert "https://github.com/x/tiny" in course.attribution
    assert "Ada Lovelace, Grace \\*Hopper\\*." in course.appendix[-1].markdown


def test_an_unknown_licence_is_a_warning(folder: Path) -> None:
    write(folder, {"config.yaml": "title: T\n", "LICENSE.md": "Ask us.\n"})
    course = read_lesson(folder)
    assert course.licence == "unknown"
    assert any(warning.startswith("LICENSE.md:") for warning in course.warnings)


def test_figures_that_are_shown_become_media_and_all_data_becomes_files(folder: Path) -> None:
    course = read_lesson(folder)
    assert [item.key for item in course.media] == ["episodes/fig/one.png"]
    assert [item.key for item in course.files] == [
        "episodes/data/a.csv",
        "episodes/files/code/b.py",
    ]
    assert (course.files[0].name, course.files[0].size) == ("a.csv", 4)


def test_every_link_is_known_for_what_it_points_to(folder: Path) -> None:
    links = [link for page in read_lesson(folder).pages for link in page.links]
    assert [(link.kind, link.key, link.fragment) for link in links if link.kind != "external"] == [
        (LinkKind.LESSON, "episodes/01-a.md", ""),
        (LinkKind.FIGURE, "episodes/fig/one.png", ""),
        (LinkKind.LESSON, "episodes/02-b.md", "part"),
        (LinkKind.PAGE, "learners/reference.md", "t"),
        (LinkKind.DATA, "episodes/data/a.csv", ""),
        (LinkKind.UNKNOWN, None, ""),
        (LinkKind.DATA, "episodes/data/a.csv", ""),
    ]


def test_a_link_that_leads_nowhere_is_reported_with_file_and_line(folder: Path) -> None:
    warning = "episodes/02-b.md:7: '../nowhere.md' is not in the lesson folder."
    assert read_lesson(folder).warnings == (warning,)


def test_a_link_out_of_the_folder_leads_nowhere(folder: Path) -> None:
    write(folder.parent, {"secret.md": "secret"})
    write(folder, {"episodes/02-b.md": episode("Two", "[x](../../secret.md)\n")})
    assert "'../../secret.md' is not in the lesson folder" in read_lesson(folder).warnings[0]


def address(link: LinkTarget) -> str | None:
    if link.kind in {LinkKind.EXTERNAL, LinkKind.ANCHOR, LinkKind.UNKNOWN}:
        return None
    return f"/api/{link.key}" + (f"#{link.fragment}" if link.fragment else "")


def test_links_are_rewritten_and_nothing_else(folder: Path) -> None:
    lesson = read_lesson(folder).lessons[0]
    assert rewrite_links(lesson, address) == (
        "\n![A figure](/api/episodes/fig/one.png){alt='x'}\n\n"
        "See [next](/api/episodes/02-b.md#part), [term](/api/learners/reference.md#t).\n"
    )


def test_reading_again_gives_the_same_course(folder: Path) -> None:
    assert read_lesson(folder) == read_lesson(folder)


def test_a_change_shows_in_the_digest_of_the_changed_item_only(folder: Path) -> None:
    before = {page.key: page.digest for page in read_lesson(folder).pages}
    write(folder, {"episodes/02-b.md": episode("Two", "other\n")})
    after = {page.key: page.digest for page in read_lesson(folder).pages}
    assert {key for key in after if after[key] != before[key]} == {"episodes/02-b.md"}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "nothing: there is no such folder." in refusal(tmp_path / "nothing")


def test_a_folder_without_episodes_is_no_lesson(tmp_path: Path) -> None:
    assert "a Carpentries lesson has its pages in episodes/*.md" in refusal(tmp_path)


def test_the_layout_of_old_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"_episodes/01-a.md": "x"})
    assert "convert it to the Workbench's" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("# No front matter\n", ":1: no front matter"),
        ("---\ntitle: A\n", ":1: no front matter"),
        ("---\nteaching: 1\n---\n", ":1: 'title' must be a text"),
        ("---\nteaching: 1\ntitle: no\n---\n", ":3: 'title' must be a text"),
        ("---\ntitle: A\nteaching: long\n---\n", ":3: 'teaching' must be minutes"),
        ("---\ntitle: A\nexercises: -1\n---\n", ":3: 'exercises' must be minutes"),
        ("---\ntitle: A\nteaching: true\n---\n", ":3: 'teaching' must be minutes"),
        ("---\ntitle: A\nx: [1,\n---\n", ": this is not YAML"),
        ("---\ntitle: A\n\tx: 1\n---\n", ":3: this is not YAML"),
        ("---\n- a\n---\n", ":2: write names and values"),
        ("---\ntitle: A\nx: " + "[" * 9000 + "\n---\n", "this is not YAML"),
        ("---\ntitle: A\nx: !!python/object:os.system x\n---\n", "this is not YAML"),
        ("---\ntitle: " + "x" * 201 + "\n---\n", ":2: 'title' is longer than 200"),
        (b"---\ntitle: A\n---\ncaf\xe9\n", ":4: the file is not UTF-8 text"),
        ("---\ntitle: A\n---\n" + "x" * 1_100_000, "at most 1048576 are imported"),
    ],
)
def test_a_page_that_cannot_be_taken_is_named_with_its_line(
    folder: Path, content: str | bytes, sentence: str
) -> None:
    write(folder, {"episodes/02-b.md": content})
    problem = refusal(folder)
    assert problem.startswith("episodes/02-b.md:")
    assert sentence in problem


def test_all_problems_are_told_at_once(folder: Path) -> None:
    write(folder, {"episodes/01-a.md": "x", "episodes/02-b.md": "x", "config.yaml": "a: ["})
    with pytest.raises(LessonRefused) as caught:
        read_lesson(folder)
    files = {problem.partition(":")[0] for problem in caught.value.problems}
    assert files == {"config.yaml", "episodes/01-a.md", "episodes/02-b.md"}


@pytest.mark.parametrize("key", ["episodes/03-c.md", "episodes/data/b.csv", "episodes/fig/b.png"])
def test_a_symbolic_link_out_of_the_folder_is_refused(folder: Path, key: str) -> None:
    write(folder.parent, {"outside": episode("Outside")})
    (folder / key).symlink_to(folder.parent / "outside")
    assert f"{key}: a symbolic link out of the lesson folder" in refusal(folder)


def test_a_linked_folder_is_not_followed_out(folder: Path) -> None:
    write(folder.parent / "elsewhere", {"secret.csv": "1"})
    (folder / "episodes/data/more").symlink_to(folder.parent / "elsewhere")
    assert "episodes/data/more: a symbolic link out of the lesson folder" in refusal(folder)


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with (folder / "episodes/data/huge.bin").open("wb") as file:
        file.truncate(101 * 1024 * 1024)
    assert "episodes/data/huge.bin: the file has 105906176 bytes" in refusal(folder)


def test_a_page_that_is_a_folder_is_refused(folder: Path) -> None:
    (folder / "episodes/03-c.md").mkdir()
    assert "episodes/03-c.md: this is no file." in refusal(folder)


def test_line_endings_of_windows_are_kept(folder: Path) -> None:
    write(folder, {"episodes/02-b.md": "---\r\ntitle: Two\r\n---\r\n\r\n[a](01-a.md)\r\n"})
    lesson = read_lesson(folder).lessons[1]
    assert rewrite_links(lesson, address) == "\r\n[a](/api/episodes/01-a.md)\r\n"
    assert lesson.links[0].line == 5


@pytest.fixture(scope="module")
def inflammation() -> ImportedCourse:
    skip_without_courses()
    return read_lesson(INFLAMMATION)


def test_the_real_lesson_is_read_whole(inflammation: ImportedCourse) -> None:
    assert inflammation.title == "Programming with Python"
    assert inflammation.slug == "python-novice-inflammation"
    assert len(inflammation.sections) == 1
    assert len(inflammation.lessons) == 12
    assert (len(inflammation.media), len(inflammation.files)) == (28, 16)
    assert [page.title for page in inflammation.appendix][:2] == ["Setup", "Glossary"]


def test_the_real_lesson_keeps_its_attribution(inflammation: ImportedCourse) -> None:
    assert inflammation.licence == "CC-BY-4.0"
    assert "The Carpentries" in inflammation.attribution
    assert "Greg Wilson" in inflammation.appendix[-1].markdown


def test_the_real_lesson_has_one_link_that_leads_nowhere(inflammation: ImportedCourse) -> None:
    missing = "../episodes/files/code/python-novice-inflammation-code.zip"
    assert inflammation.warnings == (
        f"learners/setup.md:138: {missing!r} is not in the lesson folder.",
    )


def parsed_targets(markdown: str) -> Counter[str]:
    """The targets that a whole Markdown parser sees, apart from definitions used or not."""
    parser = MarkdownIt("commonmark").enable("table").use(deflist_plugin)
    seen: Counter[str] = Counter()
    for token in parser.parse(markdown):
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                seen[unquote(str(target))] += 1
    return seen


def test_no_link_of_the_real_lesson_is_missed(inflammation: ImportedCourse) -> None:
    for page in inflammation.pages:
        found = {unquote(link.text) for link in page.links}
        assert set(parsed_targets(page.markdown)) == found, page.key


def test_links_of_the_real_lesson_are_rewritten_for_every_reader(
    inflammation: ImportedCourse,
) -> None:
    for page in inflammation.pages:
        rewritten = set(parsed_targets(rewrite_links(page, address)))
        for link in page.links:
            assert (address(link) or unquote(link.text)) in rewritten
        assert rewrite_links(page, lambda link: link.text) == page.markdown


def test_names_are_found_in_either_composition_and_quoting(folder: Path) -> None:
    """macOS kept names decomposed, editors write them composed, browsers quote them."""
    body = "![a](fig/café.png)\n\n![b](fig/my%20plot.png)\n\n![c](fig/caf%C3%A9.png)\n"
    write(
        folder,
        {
            "config.yaml": "title: Tiny\nlicense: CC-BY 4.0\nepisodes:\n- é.md\n",
            unicodedata.normalize("NFD", "episodes/é.md"): episode("Names", body),
            unicodedata.normalize("NFD", "episodes/fig/café.png"): b"1",
            "episodes/fig/my plot.png": b"2",
        },
    )
    course = read_lesson(folder)
    assert [lesson.key for lesson in course.lessons] == ["episodes/é.md"]
    assert [media.key for media in course.media] == [
        "episodes/fig/café.png",
        "episodes/fig/my plot.png",
    ]
    assert all(media.path.is_file() for media in course.media)
    assert not any("fig/" in warning for warning in course.warnings)


def test_files_of_editors_and_systems_and_their_line_ends_stop_nothing(folder: Path) -> None:
    (folder / "episodes/.#01-a.md").symlink_to("ada@laptop.4711")
    windows = "\ufeff" + episode("Three", "![A](fig/one.png)\n").replace("\n", "\r\n")
    write(
        folder,
        {
            "episodes/._01-a.md": b"\0\5\x16\7\0\2\0\0Mac OS X",
            "learners/._setup.md": b"\0\5\x16\7\0\2\0\0Mac OS X",
            "episodes/fig/._one.png": b"\0\5\x16\7",
            "episodes/.01-a.md.swp": b"b0VIM 9.0",
            "episodes/01-a.md~": "old",
            "episodes/._x.Rmd": b"\0\5",
            "episodes/03-c.md": windows,
            "config.yaml": "\ufefftitle: 'Tiny things'\r\nlicense: CC-BY 4.0\r\n",
        },
    )
    course = read_lesson(folder)
    assert [lesson.title for lesson in course.lessons] == ["One", "Two", "Three"]
    assert [media.key for media in course.media] == ["episodes/fig/one.png"]
    assert not any("Rmd" in warning for warning in course.warnings)


def test_a_title_that_nobody_can_see_is_named_at_its_line(folder: Path) -> None:
    write(folder, {"episodes/01-a.md": episode('"\\u200b"')})
    with pytest.raises(LessonRefused) as refused:
        read_lesson(folder)
    assert refused.value.problems == (
        "episodes/01-a.md:2: 'title' has nothing in it that can be seen.",
    )
