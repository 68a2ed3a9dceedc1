using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The body <c>{"image": "&lt;base64&gt;"}</c>. It is read without making strings of it.</summary>
internal static class JsonImage
{
    private const string Expected = """{"image": "<base64>"}, the bytes of an image file in base64""";

    // Base64 makes four characters of three bytes, and may have line breaks. The rest is for the JSON around it.
    private const int Around = 64 << 10;

    /// <summary>The largest JSON, in bytes, for an image of at most <paramref name="imageBytes"/>.</summary>
    public static int MostBytes(int imageBytes) => (int)Math.Min(int.MaxValue, imageBytes * 3L / 2 + Around);

    /// <summary>The bytes of the image.</summary>
    /// <exception cref="FoveaException">The body is not this JSON; or the image is empty or too large.</exception>
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

            // Read to the end, so that broken JSON behind the image is refused too.
            while (reader.Read())
            {
            }

            return found.TokenType == JsonTokenType.String
                ? found
                : throw new FoveaException(ErrorCode.MalformedRequest, $"The JSON has no text named image; expected {Expected}.");
        }
        catch (JsonException e)
        {
            throw RequestJson.NotJson(e, Expected);
        }
    }

    private static PooledBytes DecodeBase64(Utf8JsonReader reader)
    {
        var text = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            int length = reader.CopyString(text);
            return PooledBytes.Write(
                Base64.GetMaxDecodedFromUtf8Length(length),
                bytes => Base64.DecodeFromUtf8(text.AsSpan(0, length), bytes, out _, out int written) == OperationStatus.Done
                    ? written
                    : throw NotBase64());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    private static FoveaException NotBase64() =>
        new(ErrorCode.MalformedRequest, $"The value of image is not base64; expected {Expected}, without a data: prefix.");
}
