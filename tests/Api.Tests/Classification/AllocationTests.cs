using System.Globalization;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.Classification;

/// <summary>
/// The budget of bytes that the garbage collector manages for one request. The service runs in a process of its own, which counts them, and
/// a single client asks one question after the other, so the count does not depend on the load of the machine.
/// </summary>
[Trait("Needs", "time")]
public sealed class AllocationTests
{
    private const int Warm = 3_000, Counted = 2_000;

    // A request allocates about 3,400 bytes, and more until the runtime has compiled all of its code with full optimization.
    private const int Budget = 4_800;

    [Fact]
    public async Task Request_with_a_small_image_allocates_no_more_than_its_budget()
    {
        using var repository = new Repository().With("lenet5", 1);
        var address = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        using var service = new ServiceProcess(
            new Dictionary<string, string?>(),
            $"--urls={address}", $"--Fovea:ModelRepository={repository.Folder}", $"--Fovea:Data={Repository.Data}");
        using var http = new HttpClient { BaseAddress = address };
        await Eventually.True(() => Task.FromResult(
            service.Output.Contains("batches of", StringComparison.Ordinal)
            && service.Output.Contains("Now listening on", StringComparison.Ordinal)));

        var image = await File.ReadAllBytesAsync(RepositoryRoot.PathOf("samples", "7.png"), TestContext.Current.CancellationToken);
        byte[] request = [.. RawClient.Head("/classify/lenet5", $"Content-Length: {image.Length}"), .. image];
        using var client = await RawClient.Connect(address);
        await Ask(Warm);
        double before = await Allocated();
        await Ask(Counted);
        Assert.InRange((await Allocated() - before) / Counted, 1, Budget);

        async Task Ask(int times)
        {
            for (int i = 0; i < times; i++)
            {
                await client.Send(request);
                Assert.StartsWith("HTTP/1.1 200", await client.Receive(), StringComparison.Ordinal);
            }
        }

        async Task<double> Allocated()
        {
            const string Name = "dotnet_gc_heap_total_allocated_bytes_total";
            var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            var line = metrics.Split('\n').First(line => line.StartsWith(Name, StringComparison.Ordinal));
            var value = line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[0];
            return double.Parse(value, CultureInfo.InvariantCulture);
        }
    }
}
