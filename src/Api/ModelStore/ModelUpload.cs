using System.Buffers;
using Fovea.Models;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Fovea.Api;

/// <summary>
/// Receives a model: as the bytes of its .onnx file; or as a form with that file and, for one that says too little about itself, a model.json and a
/// .txt file of labels. Nothing is held in memory.
/// </summary>
internal sealed class ModelUpload(HttpRequest request, string folder, int mostBytes)
{
    private const int MostBesideBytes = 16 << 20, MostFiles = 3, BufferBytes = 128 << 10;

    /// <summary>Writes the files into the folder.</summary>
    /// <exception cref="FoveaException">They are too large, or not those that were expected; or the folder cannot be written to.</exception>
    public async Task Receive(CancellationToken stop)
    {
        RequestBody.RefuseOver(RequestBody.IsMultipart(request) ? (long)mostBytes + (MostFiles * MostBesideBytes) : mostBytes, "The model", request.ContentLength);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Counted here, against another limit than that of other requests.
            limit.MaxRequestBodySize = null;
        }

        if (RequestBody.IsMultipart(request))
        {
            await ReceiveForm(stop);
        }
        else
        {
            await Save(request.Body, VersionFolder.ModelFile, mostBytes, stop);
        }

        if (!File.Exists(Path.Combine(folder, VersionFolder.ModelFile)))
        {
            throw new FoveaException(ErrorCode.MalformedRequest, "The form has no .onnx file; expected one, and beside it at most a .json and a .txt file.");
        }
    }

    private async Task ReceiveForm(CancellationToken stop)
    {
        var reader = new MultipartReader(MultipartImages.Boundary(request), request.Body);
        for (int files = 1; await MultipartImages.Try(() => reader.ReadNextSectionAsync(stop)) is { } section; files++)
        {
            var header = section.GetContentDispositionHeader();
            var sent = header?.FileName is { Length: > 0 } file ? file.ToString().Trim('"') : header?.Name.ToString().Trim('"') ?? "";
            var name = Path.GetExtension(sent) switch
            {
                ".onnx" => VersionFolder.ModelFile,
                ".json" => VersionFolder.JsonFile,
                ".txt" when Path.GetFileName(sent) == sent && !sent.Contains('\\', StringComparison.Ordinal) && !sent.StartsWith('.') => sent,
                _ => throw new FoveaException(ErrorCode.MalformedRequest, $"A file of the form is called '{sent}'; expected one .onnx file, and beside it at most a .json and a .txt file, without folders."),
            };
            if (files > MostFiles || File.Exists(Path.Combine(folder, name)))
            {
                throw new FoveaException(ErrorCode.MalformedRequest, $"'{sent}' is one file too many; expected one .onnx file, and beside it at most a .json and a .txt file.");
            }

            await MultipartImages.Try(() => Save(section.Body, name, name == VersionFolder.ModelFile ? mostBytes : MostBesideBytes, stop));
        }
    }

    private async Task<long> Save(Stream from, string name, long most, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            long length = 0;
            for (int read; (read = await from.ReadAsync(buffer, stop)) > 0;)
            {
                length += read;
                RequestBody.RefuseOver(most, name, length);
                StagingFolder.Writing(() => file.Write(buffer, 0, read));
            }

            StagingFolder.Writing(() => file.Flush(flushToDisk: true));
            return length > 0 ? length : throw new FoveaException(ErrorCode.EmptyBody, $"{name} is empty; expected the bytes of the file.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
