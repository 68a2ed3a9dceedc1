using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Fovea.Api.Tests;

public sealed class DatasetTests
{
    [Fact]
    public async Task Uploaded_archive_is_a_data_set_with_a_fifth_of_each_class_set_aside()
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Upload([.. Archives.AntsAndBees(10), ("bees/notes.txt", "no image"u8.ToArray()), ("__MACOSX/ants/._0.png", [1]), ("ants/.DS_Store", [1])]);
        Assert.Equal(201, status);
        Assert.Matches("^ds_[0-9a-f]{16}$", Id(json));
        Assert.Equal(["ants 10 8 2 0", "bees 10 8 2 0"], json.GetProperty("classes").EnumerateArray().Select(c => string.Join(' ', c.EnumerateObject().Select(p => $"{p.Value}"))));
        var refused = Assert.Single(json.GetProperty("refused").EnumerateArray());
        Assert.Equal("bees/notes.txt", refused.GetProperty("file").GetString());
        Assert.Contains("no image", refused.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var stored = service.Administrator.Service.Get<DatasetStore>().Find(Id(json))!;
        Assert.Equal(8, Directory.GetFiles(Path.Combine(stored.Folder, "train", "ants")).Length);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(stored.Folder, "val", "bees")).Length);
        Assert.Equal($"{json}", $"{await service.Administrator.Service.Get($"/datasets/{Id(json)}")}");
        Assert.Equal([Id(json)], service.Left);
    }

    [Fact]
    public async Task Hash_is_that_of_sha256sums_list_whatever_the_order_of_the_archive()
    {
        await using var service = await DatasetService.Start();
        var (_, one) = await service.Upload(Archives.AntsAndBees(5));
        var (_, other) = await service.Upload([.. Archives.AntsAndBees(5, "photos/").Reverse()]);
        Assert.NotEqual(Id(one), Id(other));
        Assert.Equal($"{one.GetProperty("hash")}", $"{other.GetProperty("hash")}");
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", "find train val -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"]) { WorkingDirectory = Path.Combine(service.Folder, Id(one)), RedirectStandardOutput = true })!;
        Assert.StartsWith($"{one.GetProperty("hash")} ", await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var (_, third) = await service.Upload([.. Archives.AntsAndBees(5), ("ants/new.png", Archives.Photo(99))]);
        Assert.NotEqual($"{one.GetProperty("hash")}", $"{third.GetProperty("hash")}");
    }

    [Fact]
    public async Task Parts_of_the_archive_are_kept_as_they_are()
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Upload([.. Archives.AntsAndBees(3, "hymenoptera/train/"), ("hymenoptera/val/ants/0.png", Archives.Photo(50)), ("hymenoptera/val/bees/0.png", Archives.Photo(51)), ("hymenoptera/val/bees/copy.png", Archives.Photo(100))]);
        Assert.Equal(201, status);
        Assert.Equal(["ants 4 3 1 0", "bees 4 3 1 0"], json.GetProperty("classes").EnumerateArray().Select(c => string.Join(' ', c.EnumerateObject().Select(p => $"{p.Value}"))));
        Assert.Contains("train/bees/0.png", Assert.Single(json.GetProperty("refused").EnumerateArray()).GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copies_of_an_image_stay_on_one_side_of_the_division()
    {
        await using var service = await DatasetService.Start();
        var (_, json) = await service.Upload([.. Archives.AntsAndBees(5), .. Archives.AntsAndBees(5).Select(file => (file.Path.Replace(".png", " copy.png", StringComparison.Ordinal), file.Bytes))]);
        var folder = Path.Combine(service.Folder, Id(json));
        var sides = new DirectoryInfo(folder).GetFiles("*.png", SearchOption.AllDirectories).GroupBy(file => Convert.ToHexString(File.ReadAllBytes(file.FullName)), file => file.Directory!.Parent!.Name);
        Assert.Equal(10, sides.Count());
        Assert.All(sides, side => Assert.Single(side.Distinct()));
    }

    [Fact]
    public async Task List_comes_in_pages_the_newest_first_and_what_is_deleted_is_gone()
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

    [Theory]
    [InlineData("GET", "/datasets")]
    [InlineData("POST", "/datasets")]
    [InlineData("GET", "/datasets/ds_0123456789abcdef")]
    [InlineData("DELETE", "/datasets/ds_0123456789abcdef")]
    public async Task Data_sets_are_private(string method, string path)
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
