using System.Diagnostics;
using System.Net;
using System.Xml.Linq;
using Fovea.Api.Tests.Hosting;
using Fovea.Client.Tests.Hosting;

namespace Fovea.Client.Tests.Packages;

/// <summary>The packages: their sizes, their contents, and the tool in an empty folder.</summary>
[Trait("Needs", "packages")]
public sealed class PackageTests(PackedPackages packages, RunningService service) : IClassFixture<PackedPackages>
{
    private const int Megabyte = 1_000_000;

    private static readonly string[] Systems = ["linux-x64", "linux-arm64", "win-x64", "win-arm64", "osx-arm64"];

    [Theory]
    [InlineData("Fovea.Models", 2)]
    [InlineData("Fovea.Training", 2)]
    [InlineData("Fovea.Client", 1)]
    [InlineData("fovea", 150)]
    public void Package_is_small_and_says_what_it_is(string package, int mostMegabytes)
    {
        Assert.InRange(new FileInfo(packages.PathOf(package)).Length, 1, mostMegabytes * Megabyte);
        using var zip = packages.Open(package);
        using var specification = zip.GetEntry($"{package}.nuspec")!.Open();
        var metadata = XDocument.Load(specification).Root!.Elements().Single().Elements().ToLookup(e => e.Name.LocalName, e => e.Value);
        Assert.Equal((package, PackedPackages.Version), (metadata["id"].Single(), metadata["version"].Single()));
        Assert.Equal(("MIT", "README.md"), (metadata["license"].Single(), metadata["readme"].Single()));
        Assert.NotEmpty(metadata["description"].Single());
        Assert.NotEmpty(metadata["tags"].Single());
        Assert.NotNull(zip.GetEntry("README.md"));
        using var symbols = packages.Open(package, "snupkg");
        Assert.Contains(symbols.Entries, entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Fovea.Models")]
    [InlineData("Fovea.Training")]
    [InlineData("Fovea.Client")]
    public void Library_has_its_documentation_and_no_base(string package)
    {
        using var zip = packages.Open(package);
        var names = zip.Entries.Select(entry => entry.FullName).ToArray();
        Assert.Contains($"lib/net10.0/{package}.dll", names);
        Assert.Contains($"lib/net10.0/{package}.xml", names);
        Assert.DoesNotContain(names, name => name.EndsWith(".onnx", StringComparison.Ordinal));
    }

    [Fact]
    public void Tool_has_the_base_and_the_native_files_of_five_systems_alone()
    {
        using var zip = packages.Open("fovea");
        const string Folder = "tools/net10.0/any/";
        var names = zip.Entries.Select(entry => entry.FullName.ToLowerInvariant())
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Select(name => name[Folder.Length..]).ToArray();
        Assert.Contains("bases/resnet18-mlnet/resnet18.onnx", names);
        Assert.Contains("bases/resnet18-mlnet/license", names);
        string[] native = [.. names.Where(name => name.StartsWith("runtimes/", StringComparison.Ordinal))];
        Assert.All(Systems, system => Assert.Contains(native, name => Is(name, system, "onnxruntime")));
        Assert.All(Systems, system => Assert.Contains(native, name => Is(name, system, "skiasharp") || Is(name, system[..3], "skiasharp")));
        Assert.Empty(native.Select(name => name.Split('/')[1]).Except([.. Systems, "win", "osx", "unix", "linux"]));

        static bool Is(string name, string system, string library) =>
            name.StartsWith($"runtimes/{system}/native/", StringComparison.Ordinal) && name.Contains(library, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tool_fine_tunes_in_an_empty_folder_and_puts_the_model_into_a_repository()
    {
        var folder = packages.EmptyFolder("mine");
        await Command.Run(folder, "dotnet", "tool", "install", "fovea", "--version", PackedPackages.Version, "--tool-path", "tools");
        var fovea = Path.Combine(folder, "tools", "fovea");
        Repository.Copy(Path.Combine("samples", "objects"), Path.Combine(folder, "samples", "objects"));
        var said = await Command.Run(folder, fovea, "finetune", "--data", "samples/objects", "--publish", "mine");
        var model = Path.Combine(folder, "onnx", "mine", "1", "model.onnx");
        Assert.True(File.Exists(model), said);
        said = await Command.Run(folder, fovea, "classify", model, "samples/objects/mug/01.jpg");
        Assert.Contains("mug", said.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("0.1.0", await Command.Run(folder, fovea, "--version"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_sample_builds_trains_fine_tunes_and_explains()
    {
        var program = await packages.Build("console");
        var work = packages.EmptyFolder("work");
        Repository.Copy(Path.Combine("samples", "objects"), Path.Combine(work, "objects"));
        var said = await Command.Run(work, "dotnet", program, "objects");
        Assert.Contains("epoch 3: validation accuracy", said, StringComparison.Ordinal);
        Assert.Matches(@"objects/mug/\d+\.jpg: mug \d", said);
        string[] written = ["untrained.onnx", "trained.onnx", "trained.html", "tuned.onnx", "tuned.html", "explained.png"];
        Assert.All(written, file => Assert.True(File.Exists(Path.Combine(work, file)), file));
        var natives = Directory.GetDirectories(Path.Combine(Path.GetDirectoryName(program)!, "runtimes")).Select(Path.GetFileName);
        Assert.Empty(natives.Intersect(["android", "ios"]));
    }

    [Fact]
    public async Task Web_sample_answers_from_the_service_and_reports_its_health()
    {
        var program = await packages.Build("web");
        var address = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, $"--urls={address}"])
        {
            Environment = { ["Fovea__Address"] = $"{service.Address}", ["Logging__LogLevel__Default"] = "None" },
        })!;
        try
        {
            using var http = new HttpClient { BaseAddress = address };
            await Eventually.True(async () => await IsHealthy(http));
            using var digit = new ByteArrayContent(await File.ReadAllBytesAsync(Samples.Digit(7), Stop));
            var answer = await http.PostAsync("/read", digit, Stop);
            Assert.Contains("\"digit\":\"7\"", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
            using var text = new StringContent("no image");
            answer = await http.PostAsync("/read", text, Stop);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        }
        finally
        {
            process.Kill();
        }
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<bool> IsHealthy(HttpClient http)
    {
        try
        {
            return await http.GetStringAsync("/health", Stop) == "Healthy";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
