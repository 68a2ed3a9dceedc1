using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Fovea.Models.Errors;
using Fovea.Training.Downloads;

namespace Fovea.Training.Tests.Datasets;

public sealed class PublicDatasetTests : IDisposable
{
    private static readonly byte[] Right = "the right bytes"u8.ToArray(), Wrong = "other bytes"u8.ToArray();

    private readonly TemporaryFolder folder = new();
    private readonly List<HttpListener> servers = [];
    private int requests;

    [Fact]
    public async Task Files_are_downloaded_checked_and_not_downloaded_again()
    {
        var dataset = From(Mirror(Right));
        await dataset.Download(folder.Path, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(Right, File.ReadAllBytes(folder["file.gz"]));
        await dataset.Download(folder.Path, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(1, requests);
    }

    [Fact]
    public async Task The_next_mirror_is_used_if_one_is_down_or_sends_wrong_bytes()
    {
        await From(new("http://127.0.0.1:1/"), Mirror(null), Mirror(Wrong), Mirror(Right))
            .Download(folder.Path, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(Right, File.ReadAllBytes(folder["file.gz"]));
    }

    [Fact]
    public async Task If_no_mirror_has_the_right_bytes_nothing_is_written_and_each_reason_is_given()
    {
        var error = await Assert.ThrowsAsync<FoveaException>(() =>
            From(new("http://127.0.0.1:1/"), Mirror(null), Mirror(Wrong))
                .Download(folder.Path, _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.DownloadFailed, error.Code);
        Assert.Contains("file.gz", error.Message, StringComparison.Ordinal);
        Assert.Contains("404", error.Message, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(Wrong)), error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task A_damaged_file_is_replaced()
    {
        File.WriteAllBytes(folder["file.gz"], Wrong);
        await From(Mirror(Right)).Download(folder.Path, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(Right, File.ReadAllBytes(folder["file.gz"]));
    }

    [Fact]
    public void Each_public_data_set_has_the_four_files_that_training_reads() => Assert.All(PublicDataset.All, dataset =>
    {
        Assert.Equal(
            ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"],
            dataset.Sha256.Keys.Order());
        Assert.All(dataset.Sha256.Values, sum => Assert.Matches("^[0-9a-f]{64}$", sum));
    });

    public void Dispose()
    {
        servers.ForEach(server => server.Close());
        folder.Dispose();
    }

    private static PublicDataset From(params Uri[] mirrors) =>
        new("test", mirrors, new Dictionary<string, string> { ["file.gz"] = Convert.ToHexStringLower(SHA256.HashData(Right)) });

    // Starts a server on loopback that answers every request with these bytes, or with 404 if they are null.
    private Uri Mirror(byte[]? answer)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        free.Stop();
        var server = new HttpListener();
        server.Prefixes.Add(address.ToString());
        server.Start();
        servers.Add(server);
        _ = Task.Run(async () =>
        {
            while (server.IsListening)
            {
                var context = await server.GetContextAsync();
                Interlocked.Increment(ref requests);
                context.Response.StatusCode = answer is null ? 404 : 200;
                await context.Response.OutputStream.WriteAsync(answer);
                context.Response.Close();
            }
        });
        return address;
    }
}
