using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Fovea.Models.Weights;
using Fovea.Training.Downloads;

namespace Fovea.Training.Tests.Downloads;

public sealed class PublishedWeightsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly byte[] file;
    private readonly PublishedWeights weights;
    private HttpListener? server;

    public PublishedWeightsTests()
    {
        var network = Catalog.Find("lenet5").Build(seed: 3);
        SafetensorsFile.Write(
            folder["weights"], new Dictionary<string, string>(), [.. network.Initializers.Select(i => (i.Key.Name, i.Value))]);
        file = File.ReadAllBytes(folder["weights"]);
        File.Delete(folder["weights"]);
        weights = new("lenet5", $"lenet5-{Sum(file)[..8]}.pth");
    }

    [Fact]
    public async Task File_is_downloaded_checked_imported_and_removed()
    {
        var told = new List<string>();
        await weights.Import(Serve(file), folder["new/lenet5.onnx"], told.Add, TestContext.Current.CancellationToken);
        using var model = Classifier.Load(folder["new/lenet5.onnx"]);
        Assert.True(model.Trained);
        Assert.Equal(
            (weights.File, Sum(file), "ImageNet-1k"),
            (model.Metadata.Training!.Source!.File, model.Metadata.Training.Source.Sha256, model.Metadata.Training.Dataset));
        Assert.Equal(["lenet5.onnx"], Directory.GetFiles(folder["new"]).Select(Path.GetFileName));
        Assert.Contains($"{weights.File}: 0.2 of 0.2 MB", told);
    }

    [Fact]
    public async Task File_with_another_checksum_is_refused()
    {
        byte[] other = [.. file[..^1], (byte)(file[^1] ^ 1)];
        await AssertRefused(Serve(other), Sum(other), weights.Sha256Start);
    }

    [Fact]
    public async Task Truncated_download_is_refused() => await AssertRefused(Serve(file[..1000]), "1000 bytes");

    [Fact]
    public async Task Server_without_the_file_is_named() => await AssertRefused(Serve(null), "404", weights.File);

    [Fact]
    public async Task Server_that_does_not_answer_is_named() => await AssertRefused(new Uri("http://127.0.0.1:1/"), "http://127.0.0.1:1/");

    [Fact]
    public async Task File_of_another_network_is_refused_and_leaves_nothing()
    {
        var address = Serve(file);
        var error = await Assert.ThrowsAsync<FoveaException>(() =>
            (weights with { Network = "alexnet" }).Import(address, folder["model.onnx"], _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("features.0.weight", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Every_published_file_belongs_to_a_network_and_has_a_checksum()
    {
        Assert.All(PublishedWeights.All, w => Assert.Matches("^[0-9a-f]{8}$", w.Sha256Start));
        Assert.All(PublishedWeights.All, w => Assert.Equal(1000, Catalog.Find(w.Network).Classes));
        Assert.Equal(PublishedWeights.All.Count, PublishedWeights.All.Select(w => w.Network).Distinct().Count());
    }

    public void Dispose()
    {
        server?.Close();
        folder.Dispose();
    }

    private async Task AssertRefused(Uri source, params string[] parts)
    {
        var error = await Assert.ThrowsAsync<FoveaException>(() =>
            weights.Import(source, folder["model.onnx"], _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.DownloadFailed, error.Code);
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private static string Sum(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    // Starts a server on loopback that answers every request with these bytes, or with 404 if they are null.
    private Uri Serve(byte[]? answer)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        free.Stop();
        server = new HttpListener();
        server.Prefixes.Add(address.ToString());
        server.Start();
        var listening = server;
        _ = Task.Run(async () =>
        {
            while (listening.IsListening)
            {
                var context = await listening.GetContextAsync();
                context.Response.StatusCode = answer is null ? 404 : 200;
                context.Response.ContentLength64 = answer?.Length ?? 0;
                await context.Response.OutputStream.WriteAsync(answer);
                context.Response.Close();
            }
        });
        return address;
    }
}
