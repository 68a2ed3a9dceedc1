using System.Buffers;
using System.Text.Json;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Requests;

/// <summary>Reads the image from the JSON body <c>{"image": "&lt;base64&gt;"}</c>, without making strings of it.</summary>
internal static class JsonImage
{
    private const string Expected = """{"image": "<base64>"}, the bytes of an image file in base64""";

    // The bytes that are allowed for the JSON around the base64 text.
    private const int Around = 64 << 10;

    /// <summary>
    /// Returns the largest allowed size of the JSON, in bytes, for an image of at most <paramref name="imageBytes"/>: 1.5 times as much,
    /// since base64 makes four characters of three bytes and may have line breaks, plus 64 KiB.
    /// </summary>
    public static int MostBytes(int imageBytes) => (int)Math.Min(int.MaxValue, imageBytes * 3L / 2 + Around);

    /// <summary>Returns the bytes of the image.</summary>
    /// <exception cref="RefusalException">The body is not JSON of this form, or the image is empty or too large.</exception>
    public static PooledBytes Decode(ReadOnlySpan<byte> json, int mostBytes)
    {
        var image = DecodeBase64(Find(json));
        if (image.Length == 0 || image.Length > mostBytes)
        {
            int length = image.Length;
            image.Dispose();
            throw length == 0
                ? new FoveaException(ErrorCode.EmptyBody, $"The image in the JSON is empty; expected {Expected}.")
                : RequestBody.TooLarge("The image in the JSON", mostBytes, length);
        }

        return image;
    }

    private static Utf8JsonReader Find(ReadOnlySpan<byte> json)
    {
        var reader = RequestJson.Reader(json, Expected);
        try
        {
            var found = default(Utf8JsonReader);
            bool isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isImage = reader.ValueTextEquals("image");
                reader.Read();
                found = isImage ? reader : found;
                reader.Skip();
            }

            // Reads the JSON to its end, so that broken JSON after the image is refused too.
            while (reader.Read())
            {
            }

            return found.TokenType == JsonTokenType.String
                ? found
                : throw new ServiceException(
                    ServiceError.MalformedRequest, $"The JSON has no property image with a text; expected {Expected}.");
        }
        catch (JsonException e)
        {
            throw RequestJson.NotJson(e, Expected);
        }
    }

    private static PooledBytes DecodeBase64(Utf8JsonReader reader)
    {
        var text = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length + Base64Text.MostPadding);
        try
        {
            return Base64Text.Decode(text, reader.CopyString(text)) ?? throw new ServiceException(
                ServiceError.MalformedRequest, $"The value of image is not base64; expected {Expected}, or a data: URL.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }
}
