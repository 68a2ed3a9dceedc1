using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.DatasetRepository;

public sealed class DatasetTests
{
    [Fact]
    public async Task Uploaded_archive_becomes_a_data_set_with_a_fifth_of_each_class_set_aside()
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Upload(
            [
                .. Archives.AntsAndBees(10),
                ("bees/notes.txt", "no image"u8.ToArray()),
                ("__MACOSX/ants/._0.png", [1]),
                ("ants/.DS_Store", [1]),
            ]);
        Assert.Equal(201, status);
        Assert.Matches("^ds_[0-9a-f]{16}$", Id(json));
        Assert.Equal(
            ["ants 10 8 2 0", "bees 10 8 2 0"],
            json.GetProperty("classes").EnumerateArray().Select(c => string.Join(' ', c.EnumerateObject().Select(p => $"{p.Value}"))));
        var refused = Assert.Single(json.GetProperty("refused").EnumerateArray());
        Assert.Equal("bees/notes.txt", refused.GetProperty("file").GetString());
        Assert.Contains("not an image", refused.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var stored = service.Administrator.Service.Get<DatasetStore>().Find(Id(json))!;
        Assert.Equal(8, Directory.GetFiles(Path.Combine(stored.Folder, "train", "ants")).Length);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(stored.Folder, "val", "bees")).Length);
        Assert.Equal($"{json}", $"{await service.Administrator.Service.Get($"/datasets/{Id(json)}")}");
        Assert.Equal([Id(json)], service.Left);
    }

    [Fact]
    public async Task Hash_equals_that_of_the_list_of_sha256sum_for_any_order_of_the_archive()
    {
        await using var service = await DatasetService.Start();
        var (_, one) = await service.Upload(Archives.AntsAndBees(5));
        var (_, other) = await service.Upload([.. Archives.AntsAndBees(5, "photos/").Reverse()]);
        Assert.NotEqual(Id(one), Id(other));
        Assert.Equal($"{one.GetProperty("hash")}", $"{other.GetProperty("hash")}");
        using var shell = Process.Start(
            new ProcessStartInfo("sh", ["-c", "find train val -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"])
            {
                WorkingDirectory = Path.Combine(service.Folder, Id(one)),
                RedirectStandardOutput = true,
            })!;
        Assert.StartsWith(
            $"{one.GetProperty("hash")} ",
            await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        var (_, third) = await service.Upload([.. Archives.AntsAndBees(5), ("ants/new.png", Archives.Photo(99))]);
        Assert.NotEqual($"{one.GetProperty("hash")}", $"{third.GetProperty("hash")}");
    }

    [Fact]
    public async Task Parts_of_the_archive_are_kept_as_they_are()
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Upload([
            .. Archives.AntsAndBees(3, "hymenoptera/train/"),
            ("hymenoptera/val/ants/0.png", Archives.Photo(50)),
            ("hymenoptera/val/bees/0.png", Archives.Photo(51)),
            ("hymenoptera/val/bees/copy.png", Archives.Photo(100)),
        ]);
        Assert.Equal(201, status);
        Assert.Equal(
            ["ants 4 3 1 0", "bees 4 3 1 0"],
            json.GetProperty("classes").EnumerateArray().Select(c => string.Join(' ', c.EnumerateObject().Select(p => $"{p.Value}"))));
        Assert.Contains(
            "train/bees/0.png",
            Assert.Single(json.GetProperty("refused").EnumerateArray()).GetProperty("reason").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exports_of_other_tools_obey_the_rules_of_folders()
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Upload(
            [
                .. Archives.AntsAndBees(2, "export/Train/"),
                ("export/Valid/ants/0.png", Archives.Photo(50)),
                ("export/Valid/bees/0.png", Archives.Photo(51)),
                ("export/data.yaml", "nc: 2"u8.ToArray()),
                ("export/Train/_annotations.coco.json", "{}"u8.ToArray()),
                ("export/Train/ants/0.xml", "<x/>"u8.ToArray()),
                ("export/Train/ants/Thumbs.db", [1]), ("__MACOSX/export/._Train", [1]), (".git/config", [1]),
            ]);
        Assert.True(status == 201, $"{json}");
        Assert.Equal(
            ["ants 3 2 1 0", "bees 3 2 1 0"],
            json.GetProperty("classes").EnumerateArray().Select(c => string.Join(' ', c.EnumerateObject().Select(p => $"{p.Value}"))));
        Assert.Equal(0, json.GetProperty("refused").GetArrayLength());
    }

    [Fact]
    public async Task Names_of_classes_stay_as_they_are_and_numbers_come_in_their_order()
    {
        await using var service = await DatasetService.Start();
        string[] names = ["<b>bold", "a \"quoted\" & 'named' one"];
        var (status, json) = await service.Upload(
            [.. names.SelectMany((name, n) => Enumerable.Range(0, 2).Select(i => ($"{name}/{i}.png", Archives.Photo((10 * n) + i))))]);
        Assert.True(status == 201, $"{json}");
        Assert.Equal(names, json.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("label").GetString()));
        var images = await service.Administrator.Service.Get($"/datasets/{Id(json)}/images?class={Uri.EscapeDataString(names[1])}");
        using var thumbnail = await service.Client.GetAsync(
            images.GetProperty("data")[0].GetProperty("thumbnail").GetString(), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, thumbnail.StatusCode);
        var (_, numbers) = await service.Upload([.. Enumerable.Range(0, 24).Select(i => ($"{i / 2}/{i % 2}.png", Archives.Photo(i)))]);
        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => $"{i}"),
            numbers.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("label").GetString()));
    }

    [Theory]
    [InlineData("labels.csv", "file,label\nimages/0.png,ant;big\nimages/1.png,bee\nimages/2.png,\nimages/3.png,ant\n")]
    [InlineData("labels.jsonl", """
        {"file": "images/0.png", "labels": ["ant", "big"]}
        {"file": "images/1.png", "labels": ["bee"]}
        {"file": "images/2.png", "labels": []}
        {"file": "images/3.png", "labels": ["ant"]}
        """)]
    public async Task List_of_labels_makes_a_data_set_of_several_labels(string list, string text)
    {
        await using var service = await DatasetService.Start();
        var photos = Enumerable.Range(0, 4).Select(i => ($"images/{i}.png", Archives.Photo(i)));
        var (status, json) = await service.Upload([.. photos, (list, System.Text.Encoding.UTF8.GetBytes(text))]);
        Assert.True(status == 201, $"{json}");
        Assert.True(json.GetProperty("multiLabel").GetBoolean());
        Assert.Equal(
            ["ant 2", "bee 1", "big 1"],
            json.GetProperty("classes").EnumerateArray().Select(c => $"{c.GetProperty("label")} {c.GetProperty("count")}"));
        Assert.Equal($"{json}", $"{await service.Administrator.Service.Get($"/datasets/{Id(json)}")}");
        var stored = Path.Combine(service.Folder, Id(json));
        var lines = Directory.GetFiles(stored, "labels.jsonl", SearchOption.AllDirectories).SelectMany(File.ReadAllLines).Order(
            StringComparer.Ordinal);
        Assert.Equal(
            [
                """{"file":"images/images_0.png","labels":["ant","big"]}""",
                """{"file":"images/images_1.png","labels":["bee"]}""",
                """{"file":"images/images_2.png","labels":[]}""",
                """{"file":"images/images_3.png","labels":["ant"]}""",
            ],
            lines);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(stored, "train", "images")).Length);
        var images = await service.Administrator.Service.Get($"/datasets/{Id(json)}/images?class=ant");
        Assert.Equal(
            ["[\"ant\",\"big\"]", "[\"ant\"]"],
            images.GetProperty("data").EnumerateArray().OrderBy(image => $"{image.GetProperty("file")}").Select(
                image => $"{image.GetProperty("labels")}"));
        var all = await service.Administrator.Service.Get($"/datasets/{Id(json)}/images");
        foreach (var image in all.GetProperty("data").EnumerateArray())
        {
            using var thumbnail = await service.Client.GetAsync(
                image.GetProperty("thumbnail").GetString(), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, thumbnail.StatusCode);
        }
    }

    [Fact]
    public async Task Copies_of_an_image_stay_on_one_side_of_the_division()
    {
        await using var service = await DatasetService.Start();
        var (_, json) = await service.Upload([
            .. Archives.AntsAndBees(5),
            .. Archives.AntsAndBees(5).Select(file => (file.Path.Replace(".png", " copy.png", StringComparison.Ordinal), file.Bytes)),
        ]);
        var folder = Path.Combine(service.Folder, Id(json));
        var sides = new DirectoryInfo(folder)
            .GetFiles("*.png", SearchOption.AllDirectories)
            .GroupBy(file => Convert.ToHexString(File.ReadAllBytes(file.FullName)), file => file.Directory!.Parent!.Name);
        Assert.Equal(10, sides.Count());
        Assert.All(sides, side => Assert.Single(side.Distinct()));
    }

    [Fact]
    public async Task List_has_pages_with_the_newest_first_and_without_deleted_data_sets()
    {
        await using var service = await DatasetService.Start();
        var ids = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            ids.Add(Id((await service.Upload(Archives.AntsAndBees(2 + i))).Json));
        }

        var first = await service.Administrator.Service.Get("/datasets?limit=2");
        Assert.Equal(("list", true), (first.GetProperty("object").GetString(), first.GetProperty("has_more").GetBoolean()));
        var second = await service.Administrator.Service.Get($"/datasets?limit=2&after={Ids(first)[^1]}");
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.Equal(ids.Order(), Ids(first).Concat(Ids(second)).Order());

        Assert.Equal(204, (await service.Administrator.Send(HttpMethod.Delete, $"/datasets/{ids[0]}")).Status);
        (await service.Administrator.Send(HttpMethod.Delete, $"/datasets/{ids[0]}")).Json.IsProblem(404, "unknown_dataset", ids[0]);
        Assert.Equal(ids.Skip(1).Order(), service.Left.Order());
        (await service.Administrator.Send(HttpMethod.Get, "/datasets?limit=101")).Json.IsProblem(400, "malformed_request", "101");
        (await service.Administrator.Send(HttpMethod.Get, "/datasets?after=x")).Json.IsProblem(400, "malformed_request", "after is x");
        (await service.Administrator.Send(HttpMethod.Get, "/datasets/..%2f..%2fetc")).Json.IsProblem(404, "unknown_dataset", "etc");
    }

    [Fact]
    public async Task Images_are_listed_with_their_parts_and_have_thumbnails()
    {
        await using var service = await DatasetService.Start();
        var files = Archives.AntsAndBees(3).Append(("ants/a large one #1.jpg", Images.Stroke(SkiaSharp.SKEncodedImageFormat.Jpeg, 600)));
        var id = Id((await service.Upload([.. files])).Json);
        var all = await service.Administrator.Service.Get($"/datasets/{id}/images?class=ants");
        Assert.Equal(
            ["0.png", "1.png", "2.png", "a large one #1.jpg"],
            all.GetProperty("data").EnumerateArray().Select(image => image.GetProperty("file").GetString()!).Order(StringComparer.Ordinal));
        foreach (var image in all.GetProperty("data").EnumerateArray())
        {
            using var answer = await service.Client.GetAsync(
                image.GetProperty("thumbnail").GetString(), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            using var picture = SkiaSharp.SKBitmap.Decode(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            bool isLarge = image.GetProperty("file").GetString()!.EndsWith(".jpg", StringComparison.Ordinal);
            Assert.Equal(isLarge ? (192, "image/jpeg") : (24, "image/png"), (picture.Width, answer.Content.Headers.ContentType!.MediaType));
        }

        var page = await service.Administrator.Service.Get($"/datasets/{id}/images?limit=6");
        Assert.Equal((6, true), (page.GetProperty("data").GetArrayLength(), page.GetProperty("has_more").GetBoolean()));
        var rest = await service.Administrator.Service.Get($"/datasets/{id}/images?after={Uri.EscapeDataString(Ids(page)[^1])}");
        Assert.Equal((1, false), (rest.GetProperty("data").GetArrayLength(), rest.GetProperty("has_more").GetBoolean()));
        foreach (var path in (string[])
        [
            "images?class=wasps",
            "thumbnails/ants/9.png",
            "thumbnails/ants/..%2f..%2fdataset.json",
            "thumbnails/%2e%2e/dataset.json",
        ])
        {
            Assert.Equal(404, (await service.Administrator.Send(HttpMethod.Get, $"/datasets/{id}/{path}")).Status);
        }
    }

    [Fact]
    public async Task Data_set_that_a_job_trains_on_is_neither_deleted_nor_swept()
    {
        await using var service = await DatasetService.Start(
            new Repository().With("lenet5", 1), "--role=serve", "--Fovea:Retention:Datasets=1");
        var id = Id((await service.Upload(Archives.AntsAndBees(2))).Json);
        using var body = JsonContent.Create(new { model = "lenet5", dataset = id });
        var (status, job) = await service.Administrator.Send(HttpMethod.Post, "/fine_tuning/jobs", body);
        Assert.Equal(201, status);
        (await service.Administrator.Send(HttpMethod.Delete, $"/datasets/{id}")).Json.IsProblem(409, "conflict", id);
        service.Age(id, days: 2);
        await service.Administrator.Service.Get<DatasetSweep>().Sweep(TestContext.Current.CancellationToken);
        Assert.Equal([id], service.Left);
        Assert.Equal(200, (await service.Administrator.Post($"/fine_tuning/jobs/{Id(job)}/cancel")).Status);
        Assert.Equal(204, (await service.Administrator.Send(HttpMethod.Delete, $"/datasets/{id}")).Status);
    }

    [Fact]
    public async Task Old_data_set_is_swept_if_the_settings_say_so()
    {
        await using var service = await DatasetService.Start("--Fovea:Retention:Datasets=7");
        var (old, young) = (
            Id((await service.Upload(Archives.AntsAndBees(2))).Json), Id((await service.Upload(Archives.AntsAndBees(3))).Json));
        service.Age(old, days: 8);
        await service.Administrator.Service.Get<DatasetSweep>().Sweep(TestContext.Current.CancellationToken);
        Assert.Equal([young], service.Left);
    }

    [Theory]
    [InlineData("GET", "/datasets")]
    [InlineData("POST", "/datasets")]
    [InlineData("GET", "/datasets/ds_0123456789abcdef")]
    [InlineData("GET", "/datasets/ds_0123456789abcdef/images")]
    [InlineData("GET", "/datasets/ds_0123456789abcdef/thumbnails/ants/0.png")]
    [InlineData("GET", "/datasets/ds_0123456789abcdef/images/train/ants/0.png")]
    [InlineData("DELETE", "/datasets/ds_0123456789abcdef")]
    public async Task Reading_data_sets_needs_a_key(string method, string path)
    {
        await using var service = await DatasetService.Start();
        service.Client.DefaultRequestHeaders.Authorization = null;
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private static string Id(JsonElement dataset) => dataset.GetProperty("id").GetString()!;

    private static string[] Ids(JsonElement page) => [.. page.GetProperty("data").EnumerateArray().Select(Id)];
}
