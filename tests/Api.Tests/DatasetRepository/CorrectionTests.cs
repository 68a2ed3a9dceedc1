using System.Text;
using System.Text.Json;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.DatasetRepository;

/// <summary>Data sets that are made of older ones and a zip file of corrections.</summary>
public sealed class CorrectionTests
{
    [Fact]
    public async Task Corrections_move_remove_and_add_images_and_leave_the_old_data_set_as_it_is()
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Upload(Archives.AntsAndBees(10));
        var before = Stored(service, Id(old));
        var moved = Archives.Photo(3);
        var (status, json) = await service.Correct(
            Id(old),
            [
                ("bees/it is a bee.png", moved),
                ("_removed/4.png", Archives.Photo(4)),
                ("_removed/unknown.png", Archives.Photo(77)),
                .. Enumerable.Range(0, 5).Select(i => ($"ants/0{i}.png", Archives.Photo(50 + i))),
                ("bees/notes.txt", "no image"u8.ToArray()),
            ]);
        Assert.True(status == 201, $"{json}");
        Assert.NotEqual(Id(old), Id(json));
        Assert.NotEqual($"{old.GetProperty("hash")}", $"{json.GetProperty("hash")}");
        Assert.Equal(
            (Id(old), 1, 1, 5),
            (
                json.GetProperty("from").GetString(),
                json.GetProperty("moved").GetInt32(),
                json.GetProperty("removed").GetInt32(),
                json.GetProperty("added").GetInt32()));
        Assert.Equal(["ants 13", "bees 11"], Classes(json));
        Assert.Equal(
            ["_removed/unknown.png", "bees/notes.txt"],
            json.GetProperty("refused").EnumerateArray().Select(file => file.GetProperty("file").GetString()));
        Assert.Equal($"{json}", $"{await service.Administrator.Service.Get($"/datasets/{Id(json)}")}");

        Assert.Equal(before, Stored(service, Id(old)));
        var after = Stored(service, Id(json));
        Assert.Matches("/bees/3(-[0-9a-f]{8})?[.]png$", Assert.Single(after, image => image.Value == Text(moved)).Key);
        Assert.DoesNotContain(Text(Archives.Photo(4)), after.Values);

        // An image that the corrections keep stays in its part, and one of five new images is for validation.
        Assert.All(after.Where(image => before.ContainsValue(image.Value)), image => Assert.Equal(
            Part(before.First(one => one.Value == image.Value).Key), Part(image.Key)));
        var added = after.Where(image => !before.ContainsValue(image.Value)).ToArray();
        Assert.Equal(["train", "train", "train", "train", "val"], added.Select(image => Part(image.Key)).Order());
        Assert.Equal(2, service.Left.Count());
    }

    [Fact]
    public async Task Corrected_hash_is_that_of_the_same_files_uploaded_as_a_whole()
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Upload(Archives.AntsAndBees(10));
        var (_, corrected) = await service.Correct(Id(old), ("bees/3.png", Archives.Photo(3)), ("bees/new.png", Archives.Photo(60)));
        var folder = Path.Combine(service.Folder, Id(corrected));
        var files = Stored(service, Id(corrected)).Keys.Select(path => (path, File.ReadAllBytes(Path.Combine(folder, path))));
        var (_, whole) = await service.Upload([.. files]);
        Assert.Equal($"{whole.GetProperty("hash")}", $"{corrected.GetProperty("hash")}");

        // Deleting the old data set takes nothing from the new one.
        Assert.Equal(204, (await service.Administrator.Send(HttpMethod.Delete, $"/datasets/{Id(old)}")).Status);
        Assert.Equal(21, Stored(service, Id(corrected)).Count);
        using var image = await service.Client.GetAsync(
            $"/datasets/{Id(corrected)}/thumbnails/bees/new.png", TestContext.Current.CancellationToken);
        Assert.True(image.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Image_that_comes_back_returns_to_the_part_that_it_had()
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Upload(Archives.AntsAndBees(10));
        var before = Stored(service, Id(old));
        var ants = before.Keys.Where(path => path.Contains("/ants/", StringComparison.Ordinal)).ToLookup(Part);
        string[] some = [ants["val"].First(), .. ants["train"].Take(3)];
        (string, byte[])[] In(string folder) =>
        [
            .. some.Select(path => ($"{folder}/{Path.GetFileName(path)}", Convert.FromHexString(before[path]))),
        ];
        var (_, without) = await service.Correct(Id(old), [.. In("_removed"), ("bees/x.png", Archives.Photo(61))]);
        Assert.Equal(["ants 6", "bees 11"], Classes(without));
        var (_, again) = await service.Correct(Id(without), In("ants"));
        var after = Stored(service, Id(again));
        Assert.Equal((21, 4), (after.Count, again.GetProperty("added").GetInt32()));
        Assert.All(some, path => Assert.Equal(Part(path), Part(after.Single(image => image.Value == before[path]).Key)));
    }

    [Fact]
    public async Task Parts_of_the_archive_hold_for_new_images_only()
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Upload(Archives.AntsAndBees(10));
        var before = Stored(service, Id(old));
        var (status, json) = await service.Correct(
            Id(old),
            ("corrections/train/bees/0.png", Archives.Photo(0)),
            ("corrections/train/bees/1.png", Archives.Photo(1)),
            ("corrections/val/wasps/0.png", Archives.Photo(70)),
            ("corrections/train/wasps/1.png", Archives.Photo(71)));
        Assert.True(status == 201, $"{json}");
        Assert.Equal(["ants 8", "bees 12", "wasps 2"], Classes(json));
        var after = Stored(service, Id(json));
        Assert.Equal("val/wasps/0.png", Assert.Single(after, image => image.Value == Text(Archives.Photo(70))).Key);
        Assert.All(Enumerable.Range(0, 2), i => Assert.Equal(
            Part(before.Single(image => image.Value == Text(Archives.Photo(i))).Key),
            Part(after.Single(image => image.Value == Text(Archives.Photo(i))).Key)));
    }

    [Fact]
    public async Task Images_of_the_same_name_stay_two_images()
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Upload([.. Archives.AntsAndBees(4, "train/"), .. Archives.AntsAndBees(4, "val/").Select(
            (file, i) => (file.Path, Archives.Photo(200 + i)))]);
        var (_, json) = await service.Correct(
            Id(old),
            ("train/bees/0.png", Archives.Photo(0)),
            ("train/ants/1.png", Archives.Photo(80)),
            ("train/ants/1.PNG", Archives.Photo(81)));
        Assert.Equal(["ants 9", "bees 9"], Classes(json));
        var paths = Stored(service, Id(json)).Keys.ToArray();
        Assert.Equal(18, paths.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Contains(paths, path => path.StartsWith("train/bees/0-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ds_0123456789abcdef", 404, "unknown_dataset", "ds_0123456789abcdef", "bees/3.png")]
    [InlineData("../etc", 404, "unknown_dataset", "../etc", "bees/3.png")]
    [InlineData("OLD", 422, "bad_dataset", "ants/3.png and bees/3.png are the same image", "bees/3.png", "ants/3.png")]
    [InlineData("OLD", 422, "bad_dataset", "_removed/3.png and bees/3.png are the same image", "bees/3.png", "_removed/3.png")]
    [InlineData(
        "OLD", 422, "bad_dataset", "leave the class ants without images", "bees/0.png", "bees/1.png", "_removed/2.png", "bees/3.png")]
    [InlineData("OLD", 422, "bad_dataset", "The archive corrects nothing", "notes/a.txt")]
    [InlineData("OLD", 422, "bad_dataset", "The classes Bees and bees differ only by case", "Bees/3.png")]
    [InlineData("OLD", 422, "bad_dataset", "The class wasps has 1 usable images, none of them for val", "wasps/9.png")]
    public async Task Corrections_that_cannot_be_made_are_refused_and_leave_nothing_behind(
        string id, int status, string code, string named, params string[] files)
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Upload(Archives.AntsAndBees(4));
        var (_, json) = await service.Correct(
            id.Replace("OLD", Id(old), StringComparison.Ordinal),
            [.. files.Select(file => (file, file.EndsWith(".txt", StringComparison.Ordinal) ? [1] : Archives.Photo(file[^5] - '0')))]);
        json.IsProblem(status, code, named);
        Assert.Equal([Id(old)], service.Left);
    }

    [Fact]
    public async Task Class_that_loses_its_validation_images_is_named()
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Upload(Archives.AntsAndBees(10));
        var validating = Stored(service, Id(old)).Keys.Where(path => path.StartsWith("val/ants/", StringComparison.Ordinal));
        var (_, json) = await service.Correct(Id(old), [.. validating.Select(path => (
            $"_removed/{Path.GetFileName(path)}", File.ReadAllBytes(Path.Combine(service.Folder, Id(old), path))))]);
        json.IsProblem(422, "bad_dataset", "The class ants has 8 usable images, none of them for val");
    }

    [Fact]
    public async Task List_of_labels_corrects_a_data_set_of_several_labels()
    {
        await using var service = await DatasetService.Start();
        (string, byte[])[] images = [.. Enumerable.Range(0, 10).Select(i => ($"{i}.png", Archives.Photo(i)))];
        var list = string.Concat(Enumerable.Range(0, 10).Select(i => $"{i}.png,{(i % 2 == 0 ? "ant;big" : "bee")}\n"));
        var (_, old) = await service.Upload([.. images, ("labels.csv", Encoding.UTF8.GetBytes(list))]);
        var (status, json) = await service.Correct(
            Id(old),
            ("a.png", Archives.Photo(0)), ("b.png", Archives.Photo(1)), ("new.png", Archives.Photo(20)),
            ("_removed/c.png", Archives.Photo(2)),
            ("labels.csv", "a.png,ant;bee\nb.png,bee\nnew.png,\n"u8.ToArray()));
        Assert.True(status == 201, $"{json}");
        Assert.Equal(
            (1, 1, 1, true),
            (
                json.GetProperty("moved").GetInt32(),
                json.GetProperty("removed").GetInt32(),
                json.GetProperty("added").GetInt32(),
                json.GetProperty("multiLabel").GetBoolean()));
        var listed = await service.Administrator.Service.Get($"/datasets/{Id(json)}/images?limit=100");
        var labels = listed.GetProperty("data").EnumerateArray().ToDictionary(
            image => Text(File.ReadAllBytes(Path.Combine(service.Folder, Id(json), $"{image.GetProperty("id")}"))),
            image => $"{image.GetProperty("labels")}");
        Assert.Equal(10, labels.Count);
        Assert.Equal(
            ["""["ant","bee"]""", """["bee"]""", "[]", """["ant","big"]"""],
            ((int[])[0, 1, 20, 4]).Select(number => labels[Text(Archives.Photo(number))]));

        var (_, folder) = await service.Correct(Id(old), ("bee/a.png", Archives.Photo(0)), ("ant/b.png", Archives.Photo(1)));
        folder.IsProblem(422, "bad_dataset", "expected labels.csv or labels.jsonl beside the images");
        var (_, one) = await service.Upload(Archives.AntsAndBees(4));
        var (_, several) = await service.Correct(
            Id(one), ("a.png", Archives.Photo(0)), ("labels.csv", "a.png,ants;bees\n"u8.ToArray()));
        several.IsProblem(422, "bad_dataset", "a.png has 2 labels");
    }

    [Fact]
    public async Task Name_goes_from_a_data_set_to_its_corrections()
    {
        await using var service = await DatasetService.Start();
        var (_, old) = await service.Send("?name=my%20ants", Archives.AntsAndBees(10));
        var (_, json) = await service.Correct(Id(old), ("bees/3.png", Archives.Photo(3)));
        Assert.Equal(("my ants", "my ants"), (old.GetProperty("name").GetString(), json.GetProperty("name").GetString()));
        var (_, renamed) = await service.Send($"?from={Id(json)}&name=better", ("bees/2.png", Archives.Photo(2)));
        Assert.Equal("better", renamed.GetProperty("name").GetString());
        (await service.Send("?name=%20", Archives.AntsAndBees(4))).Json.IsProblem(400, "malformed_request", "name is");
        (await service.Send("?form=ds_0123456789abcdef", Archives.AntsAndBees(4))).Json
            .IsProblem(400, "malformed_request", "did you mean from?");
    }

    [Fact]
    public async Task Images_are_downloaded_as_they_were_uploaded()
    {
        await using var service = await DatasetService.Start();
        var (_, json) = await service.Upload(
            [.. Archives.AntsAndBees(3), ("ants/a photo #1.jpg", Archives.Photo(40, SkiaSharp.SKEncodedImageFormat.Jpeg))]);
        var list = await service.Administrator.Service.Get($"/datasets/{Id(json)}/images");
        foreach (var image in list.GetProperty("data").EnumerateArray())
        {
            using var answer = await service.Client.GetAsync(image.GetProperty("image").GetString(), TestContext.Current.CancellationToken);
            var stored = Path.Combine(service.Folder, Id(json), image.GetProperty("id").GetString()!);
            Assert.Equal(
                await File.ReadAllBytesAsync(stored, TestContext.Current.CancellationToken),
                await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal(
                (stored.EndsWith(".jpg", StringComparison.Ordinal) ? "image/jpeg" : "image/png", "nosniff"),
                (answer.Content.Headers.ContentType!.MediaType, answer.Headers.GetValues("X-Content-Type-Options").Single()));
        }

        foreach (var path in (string[])
        [
            "train/ants/none.png", "test/ants/0.png", "train/wasps/0.png", "train/..%2f..%2fds/0.png",
            "train/ants/..%2f..%2f..%2fdataset.json", "%2e%2e/%2e%2e/dataset.json", "train/%2e%2e/dataset.json",
        ])
        {
            Assert.Equal(404, (await service.Administrator.Send(HttpMethod.Get, $"/datasets/{Id(json)}/images/{path}")).Status);
        }
    }

    private static string Id(JsonElement dataset) => dataset.GetProperty("id").GetString()!;

    private static IEnumerable<string> Classes(JsonElement dataset) =>
        dataset.GetProperty("classes").EnumerateArray().Select(c => $"{c.GetProperty("label")} {c.GetProperty("count")}");

    private static string Part(string path) => path.Split('/')[0];

    private static string Text(byte[] bytes) => Convert.ToHexString(bytes);

    // The bytes of each image by its path in the data set.
    private static Dictionary<string, string> Stored(DatasetService service, string id)
    {
        var folder = Path.Combine(service.Folder, id);
        return new DirectoryInfo(folder).GetDirectories().SelectMany(part => part.GetFiles("*.*", SearchOption.AllDirectories))
            .Where(file => file.Extension is ".png" or ".PNG" or ".jpg")
            .ToDictionary(file => Path.GetRelativePath(folder, file.FullName), file => Text(File.ReadAllBytes(file.FullName)));
    }
}
