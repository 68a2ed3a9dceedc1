using System.IO.Compression;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace Fovea.Client;

/// <summary>The data sets of a service. Requests need a key with the scope train. For errors see <see cref="FoveaClient"/>.</summary>
public sealed class DatasetClient
{
    private readonly ServiceConnection connection;

    internal DatasetClient(ServiceConnection connection) => this.connection = connection;

    /// <summary>
    /// Uploads a data set: a zip file with a folder of images for each class, or with such folders in folders named train, val and test.
    /// The upload has no time limit.
    /// </summary>
    /// <param name="zip">The zip file. The stream is read from its position to its end and stays open.</param>
    /// <param name="name">A name, at most 100 characters; null: no name.</param>
    /// <param name="from">The id of an older data set that the zip file corrects; null: the zip file has all images.</param>
    /// <param name="stop">Cancels the upload.</param>
    public Task<DatasetInfo> UploadAsync(Stream zip, string? name = null, string? from = null, CancellationToken stop = default)
    {
        // The request is not disposed, because that would close the caller's stream.
        var content = new StreamContent(zip);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        var path = Route.WithQuery("datasets", ("from", from), ("name", name));
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (!zip.CanSeek)
        {
            Retries.Forbid(request);
        }

        return connection.AskWithoutLimit(request, ClientJson.Default.DatasetInfo, stop);
    }

    /// <summary>Packs a folder of class folders into a temporary zip file and uploads it. The upload has no time limit.</summary>
    /// <param name="folder">The folder, such as photos with the sub-folders cats and dogs.</param>
    /// <param name="name">A name, at most 100 characters; null: no name.</param>
    /// <param name="stop">Cancels the upload.</param>
    public async Task<DatasetInfo> UploadFolderAsync(string folder, string? name = null, CancellationToken stop = default)
    {
        var path = Path.Combine(Path.GetTempPath(), $"fovea-{Guid.NewGuid():N}.zip");
        await using var zip = new FileStream(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16, FileOptions.DeleteOnClose);

        // Image files are compressed already, so the zip file stores them without further compression.
        await ZipFile.CreateFromDirectoryAsync(folder, zip, CompressionLevel.NoCompression, includeBaseDirectory: false, stop);
        zip.Position = 0;
        return await UploadAsync(zip, name, from: null, stop);
    }

    /// <summary>Lists the data sets, the newest first.</summary>
    /// <param name="stop">Cancels the requests.</param>
    public async IAsyncEnumerable<DatasetInfo> ListAsync([EnumeratorCancellation] CancellationToken stop = default)
    {
        for (AnswerPage<DatasetInfo>? page = null; page is not { HasMore: false };)
        {
            var path = Route.WithQuery("datasets", ("limit", "100"), ("after", page?.Data[^1].Id));
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            page = await connection.Ask(request, ClientJson.Default.AnswerPageDatasetInfo, stop);
            foreach (var dataset in page.Data)
            {
                yield return dataset;
            }
        }
    }

    /// <summary>Describes a data set.</summary>
    /// <param name="id">The id of the data set.</param>
    /// <param name="stop">Cancels the request.</param>
    public async Task<DatasetInfo> GetAsync(string id, CancellationToken stop = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"datasets/{Route.Part(id)}");
        return await connection.Ask(request, ClientJson.Default.DatasetInfo, stop);
    }

    /// <summary>Deletes a data set. While a job trains on it, the service refuses with the code conflict.</summary>
    /// <param name="id">The id of the data set.</param>
    /// <param name="stop">Cancels the request.</param>
    public async Task DeleteAsync(string id, CancellationToken stop = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"datasets/{Route.Part(id)}");
        await connection.AskForBytes(request, stop);
    }
}
