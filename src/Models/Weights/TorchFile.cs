using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Weights;

/// <summary>
/// Reads state dicts that torch.save wrote. Since PyTorch 1.6, the file is a zip file with one pickle and one entry for each storage.
/// Before, it was a sequence of pickles, followed by the storages. A state dict inside a checkpoint is found under state_dict,
/// model_state_dict or model.
/// </summary>
internal static class TorchFile
{
    private static readonly string[] Nested = ["state_dict", "model_state_dict", "model"];
    private static readonly BigInteger Magic = BigInteger.Parse("119547037146038801333356");

    /// <summary>Whether a file has the first bytes of a zip file or of a pickle.</summary>
    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith("PK\x03\x04"u8) || file is [0x80, ..];

    /// <summary>The tensors by their names. They refer to the file's memory.</summary>
    /// <param name="file">The whole file, which <see cref="Is"/> recognises.</param>
    /// <exception cref="FoveaException">
    /// The file is damaged, or its state dict has a value that is not a tensor. The message does not contain the path; the caller adds it.
    /// </exception>
    public static Dictionary<string, StoredTensor> Read(ReadOnlyMemory<byte> file) =>
        file.Span[0] == 0x80 ? ReadPickles(file) : ReadZip(file);

    private static Dictionary<string, StoredTensor> ReadZip(ReadOnlyMemory<byte> file)
    {
        const string Pickle = "data.pkl";
        var entries = StoredZip.Entries(file);
        var path = entries.Keys.FirstOrDefault(name => name == Pickle || name.EndsWith($"/{Pickle}", StringComparison.Ordinal))
            ?? throw Bad($"it has no {Pickle}, so torch.save did not write it");
        var folder = path[..^Pickle.Length];
        if (entries.TryGetValue($"{folder}byteorder", out var order)
            && Encoding.UTF8.GetString(order.Span[..Math.Min(order.Length, 10)]) is var text
            && text != "little")
        {
            throw Bad($"its byte order is '{text}'; expected 'little'");
        }

        return Tensors(new Unpickler(entries[path]).Read(), BytesOf);

        ReadOnlyMemory<byte> BytesOf(TorchStorage storage) =>
            entries.TryGetValue($"{folder}data/{storage.Key}", out var bytes) ? bytes : throw Bad($"it has no storage {storage.Key}");
    }

    // Reads the format before PyTorch 1.6. It has five pickles: a magic number, the protocol version, a dictionary about the system, the
    // object, and the keys of the storages. After them, each storage has the number of its elements in eight bytes, and its elements.
    private static Dictionary<string, StoredTensor> ReadPickles(ReadOnlyMemory<byte> file)
    {
        var unpickler = new Unpickler(file);
        if (unpickler.Read() is not BigInteger magic || magic != Magic || unpickler.Read() is not 1001L)
        {
            throw Bad("it is a pickle, but torch.save did not write it");
        }

        if ((unpickler.Read() as PickledDictionary)?["little_endian"] is not true)
        {
            throw Bad("its byte order is 'big'; expected 'little'");
        }

        var root = unpickler.Read();
        var keys = unpickler.Read() as List<object?> ?? throw Bad("its list of storages is missing");
        var storages = new Dictionary<string, ReadOnlyMemory<byte>>();
        long at = unpickler.Position;
        foreach (var key in keys)
        {
            var storage = key is string name && unpickler.Storages.TryGetValue(name, out var known)
                ? known
                : throw Bad("it lists a storage that no tensor uses");
            long length = storage.Count <= file.Length ? storage.Count * storage.Type.SizeOf() : long.MaxValue;
            if (file.Length - at < 8
                || BinaryPrimitives.ReadInt64LittleEndian(file.Span[(int)at..]) != storage.Count
                || length > file.Length - at - 8)
            {
                throw Bad($"its storage {storage.Key} is cut off or has another size; expected {storage.Count} elements");
            }

            storages[storage.Key] = file.Slice((int)at + 8, (int)length);
            at += 8 + length;
        }

        return Tensors(root, BytesOf);

        ReadOnlyMemory<byte> BytesOf(TorchStorage storage) =>
            storages.TryGetValue(storage.Key, out var bytes) ? bytes : throw Bad($"it has no storage {storage.Key}");
    }

    private static Dictionary<string, StoredTensor> Tensors(object? root, Func<TorchStorage, ReadOnlyMemory<byte>> bytesOf)
    {
        var dictionary = root as PickledDictionary
            ?? throw Bad("it has no state dict; expected a file of torch.save(model.state_dict(), file)");
        dictionary = Nested.Select(key => dictionary[key]).OfType<PickledDictionary>().FirstOrDefault() ?? dictionary;
        var tensors = new Dictionary<string, StoredTensor>();
        foreach (var (key, value) in dictionary)
        {
            var name = key as string ?? throw Bad("a key of its state dict is not a text");
            var view = value as TorchTensor ?? throw Bad($"{name} in its state dict is not a tensor");
            tensors[name] = Tensor(name, view, bytesOf(view.Storage));
        }

        return tensors;
    }

    private static StoredTensor Tensor(string name, TorchTensor view, ReadOnlyMemory<byte> bytes)
    {
        long length = view.Storage.Count <= bytes.Length ? view.Storage.Count * view.Storage.Type.SizeOf() : long.MaxValue;
        if (length > bytes.Length || view.Size.Any(d => d is < 0 or > int.MaxValue))
        {
            var expected = $"{view.Storage.Count} elements of type {view.Storage.Type}";
            throw Bad($"the storage of {name} has {bytes.Length} bytes; expected {expected}");
        }

        var shape = new Shape([.. view.Size.Select(d => (int)d)]);
        return new StoredTensor(view.Storage.Type, shape, bytes[..(int)length], view.Offset, view.Strides);
    }

    private static FoveaException Bad(string reason) =>
        new(ErrorCode.BadModelFile, $"the file cannot be read as a PyTorch file: {reason}.");
}
