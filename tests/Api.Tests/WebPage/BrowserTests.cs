using System.Globalization;
using System.IO.Compression;
using Fovea.Api.Tests.Documentation;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.WebPage;

/// <summary>Uses the page in a real browser, each time from the start to the end of a task.</summary>
[Trait("Needs", "browser")]
public sealed class BrowserTests
{
    private const string Key = ServiceWithKey.Key;
    private const int MostBytesAtFirstVisit = 500_000;

    private static readonly string Samples = Path.Combine(DocumentPage.Root, "samples");

    [Fact]
    public async Task Visitor_classifies_images_in_two_browsers_at_once()
    {
        await using var service = await ServiceWithKey.Start();
        await BrowserWalk.Run("visitor", [service.Address, Samples]);
    }

    [Fact]
    public async Task First_visit_transfers_less_than_half_a_megabyte()
    {
        await using var service = await ServiceWithKey.Start();
        var output = await BrowserWalk.Run("first-visit", [service.Address]);
        Assert.InRange(int.Parse(output.Split(' ')[^1], CultureInfo.InvariantCulture), 10_000, MostBytesAtFirstVisit);
    }

    [Fact]
    public async Task Operator_uploads_unloads_and_deletes_a_model()
    {
        using var files = new TemporaryFolder();
        var graph = Catalog.Find("lenet5").Build();
        OnnxFile.Write(graph, files["digits.onnx"]);
        graph.Metadata.Clear();
        OnnxFile.Write(graph, files["foreign.onnx"]);
        await using var service = await ServiceWithKey.Start(new Repository());
        await BrowserWalk.Run("operator", [service.Address, Key, files["digits.onnx"], files["foreign.onnx"]]);
    }

    [Fact]
    public async Task Names_with_markup_are_text_everywhere()
    {
        using var files = new TemporaryFolder();
        await File.WriteAllBytesAsync(files["hostile.zip"], HostileNames.Archive(), TestContext.Current.CancellationToken);
        var repository = new Repository();
        HostileNames.WriteModel(Path.Combine(repository.Folder, "hostile", "1", "model.onnx"));
        await using var service = await ServiceWithKey.Start(repository);
        await BrowserWalk.Run(
            "hostile", [service.Address, Key, Path.Combine(Samples, "7.png"), files["hostile.zip"], HostileNames.Name]);
    }

    [Fact]
    public async Task Views_are_accessible_and_work_by_keyboard()
    {
        using var files = new TemporaryFolder();
        ZipFile.CreateFromDirectory(Path.Combine(Samples, "objects"), files["objects.zip"]);
        await using var service = await ServiceWithKey.Start();
        await BrowserWalk.Run("accessibility", [service.Address, Key, Path.Combine(Samples, "7.png"), files["objects.zip"]]);
    }

    [Fact]
    public async Task Swagger_has_the_groups_in_order_suggests_names_and_shows_pictures()
    {
        await using var service = await ServiceWithKey.Start();
        await BrowserWalk.Run("swagger", [service.Address, Key]);
    }

    [Fact]
    public async Task Teacher_gets_from_images_to_a_served_model_through_a_restart_of_the_service()
    {
        using var files = new TemporaryFolder();
        using var repository = new Repository();
        var objects = Path.Combine(Samples, "objects");
        ZipFile.CreateFromDirectory(objects, files["objects.zip"]);
        using (var archive = ZipFile.Open(files["objects.zip"], ZipArchiveMode.Update))
        {
            archive.CreateEntryFromFile(Path.Combine(objects, "key", "01.jpg"), "key/again.jpg");
        }

        var address = $"http://localhost:{ServiceProcess.FreePort()}";
        using var service = new RestartableService(address, repository.Folder, files["data"], Key);
        await service.Start();
        await BrowserWalk.Run(
            "teacher",
            [address, Key, objects, files["objects.zip"], Path.Combine(objects, "mug", "01.jpg")],
            line => line == "restart" ? service.Restart() : Task.CompletedTask);
    }
}
