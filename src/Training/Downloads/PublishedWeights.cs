using System.Globalization;
using System.Security.Cryptography;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Weights;

namespace Fovea.Training.Downloads;

/// <summary>Weights that torchvision publishes for a network of the catalog.</summary>
/// <param name="Network">The network's name in the catalog.</param>
/// <param name="File">The file's name, which ends with the first eight hexadecimal digits of the file's SHA-256.</param>
internal sealed record PublishedWeights(string Network, string File)
{
    /// <summary>The folder of torchvision's files.</summary>
    public static readonly Uri Torchvision = new("https://download.pytorch.org/models/");

    private const long MaximumBytes = int.MaxValue;

    // The longest time for which a download may receive no data.
    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(60);

    /// <summary>All published weights, in the order of the catalog: the files that torchvision calls IMAGENET1K_V1.</summary>
    public static IReadOnlyList<PublishedWeights> All { get; } =
        [.. from network in Catalog.Architectures where network.Torchvision is not null select Of(network)];

    /// <summary>The first eight digits of the file's SHA-256, in lower-case hexadecimal.</summary>
    public string Sha256Start => Path.GetFileNameWithoutExtension(File).Split('-')[^1];

    /// <summary>Downloads the file to the folder of the output, verifies it, writes the network and deletes the download.</summary>
    /// <param name="source">The folder that serves the file.</param>
    /// <param name="output">The path of the .onnx file to write.</param>
    /// <param name="log">Receives lines of text about the progress.</param>
    /// <param name="stop">Cancels the download.</param>
    /// <exception cref="FoveaException">
    /// The download fails or has the wrong SHA-256, or the output is not writable. After a failure no file is left.
    /// </exception>
    public async Task Import(Uri source, string output, Action<string> log, CancellationToken stop)
    {
        AtomicFile.EnsureWritable(output);
        var download = $"{output}.{Environment.ProcessId}.{File}.tmp";
        try
        {
            await Download(new Uri(source, File), download, log, stop);
            WeightsImport.Write(Catalog.Find(Network), download, new ImportOptions(FileName: File, Dataset: "ImageNet-1k"), output, log);
        }
        finally
        {
            System.IO.File.Delete(download);
        }
    }

    private static PublishedWeights Of(Architecture network) => new(network.Name, network.Torchvision!.Weights);

    private async Task Download(Uri address, string path, Action<string> log, CancellationToken stop)
    {
        try
        {
            using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
            using var stopOrStalled = CancellationTokenSource.CreateLinkedTokenSource(stop);
            stopOrStalled.CancelAfter(StallTimeout);
            using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, stopOrStalled.Token);
            response.EnsureSuccessStatusCode();
            using var body = await response.Content.ReadAsStreamAsync(stopOrStalled.Token);
            await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
            var sum = await Copy(body, response.Content.Headers.ContentLength, file, log, stopOrStalled);
            if (!sum.StartsWith(Sha256Start, StringComparison.Ordinal))
            {
                throw new HttpRequestException(
                    $"the file has {file.Length} bytes with the SHA-256 {sum}; expected one that begins with {Sha256Start}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            var reason = e is OperationCanceledException ? $"no data for {StallTimeout.TotalSeconds} s" : e.Message.TrimEnd('.');
            throw new FoveaException(ErrorCode.DownloadFailed, $"{address} could not be downloaded: {reason}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.CannotWrite,
                $"{path} cannot be written: {e.Message.TrimEnd('.')}; expected a writable folder with space for the download.",
                e);
        }
    }

    // Copies the body and returns its SHA-256. Logs a line after each tenth of the file if the length is known, and restarts the stall
    // timeout at each block.
    private async Task<string> Copy(Stream body, long? length, FileStream file, Action<string> log, CancellationTokenSource stopOrStalled)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        long done = 0, tenth = 0;
        while (true)
        {
            stopOrStalled.CancelAfter(StallTimeout);
            int read = await body.ReadAsync(buffer, stopOrStalled.Token);
            done += read;
            if (read == 0)
            {
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }

            if (done > MaximumBytes)
            {
                throw new HttpRequestException($"the file has more than {MaximumBytes} bytes");
            }

            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), stopOrStalled.Token);
            if (length > 0 && done * 10 / length.Value > tenth)
            {
                tenth = done * 10 / length.Value;
                log(string.Create(CultureInfo.InvariantCulture, $"{File}: {done / 1e6:F1} of {length.Value / 1e6:F1} MB"));
            }
        }
    }
}
